"""Repositories and locks to measure on: the same for the same arguments, made of nothing but their size."""

import json
import os
import random
import subprocess
import time

ENV = {
    **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


def git(top, *arguments):
    subprocess.run(["git", "-C", top, *arguments], check=True, env=ENV, stdout=subprocess.DEVNULL)


def write(top, path, text):
    path = os.path.join(top, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def settle(top):
    """Writes the index when the files have been there for a while: of a file that is as young as the index, git reads the
    content each time, and a repository in use has none."""
    time.sleep(1.1)
    git(top, "update-index", "-q", "--force-write-index", "--refresh")


def reference(number):
    """What `original` says of an input, and its URL in flake.nix."""
    return {"owner": f"owner{number}", "repo": f"repo{number}", "type": "github"}, f"github:owner{number}/repo{number}"


def node(number, inputs=None):
    original, _ = reference(number)
    locked = {
        "lastModified": 1780000000 + number,
        "narHash": "sha256-" + "A" * 43 + "=",
        **original,
        "rev": f"{number:040x}",
    }
    return {**({"inputs": inputs} if inputs else {}), "locked": dict(sorted(locked.items())), "original": original}


def flake(nodes):
    """flake.nix and flake.lock with about so many nodes: a tenth of them inputs of the root, the others theirs."""
    direct = max(1, nodes // 10)
    locked, inputs, number = {}, [], direct
    for root in range(direct):
        children = {}
        for child in range((nodes - direct) // direct):
            # A node is called as the input is by which Nix comes to it: the lock is laid out as Nix writes it.
            name = f"child{root}-{child}"
            children[name] = name
            locked[name] = node(number)
            number += 1
        locked[f"input{root}"] = node(root, children)
        inputs.append(f'    input{root}.url = "{reference(root)[1]}";')
    locked["root"] = {"inputs": {f"input{root}": f"input{root}" for root in range(direct)}}
    lock = {"nodes": locked, "root": "root", "version": 7}
    text = "{\n  inputs = {\n" + "\n".join(inputs) + "\n  };\n\n  outputs = _: { modules = [ ./modules ]; };\n}\n"
    return text, json.dumps(lock, indent=2, sort_keys=True) + "\n"


def module(number, siblings, size):
    """A module of about `size` bytes that names its siblings."""
    imports = "\n".join(f"    ./{name}" for name in siblings)
    body = "\n".join(
        f'  services.service{number}-{line} = {{ enable = true; text = "a/b ${{x}} # no comment"; }}; # ./no-path'
        for line in range(max(1, size // 110))
    )
    return f"{{ config, lib, x, ... }}:\n{{\n  imports = [\n{imports}\n  ];\n{body}\n}}\n"


def stage(top, paths):
    """Changes files and stages them, as before a commit."""
    for path in paths:
        with open(os.path.join(top, path), "a", encoding="utf-8") as file:
            file.write("# changed\n")
    git(top, "add", *paths)
    settle(top)


def configuration(top, files, nodes=40, size=1500):
    """A configuration: modules in directories of about ten files, each named by its directory's default.nix."""
    os.makedirs(top)
    git(top, "init", "-q", "-b", "main")
    flake_nix, flake_lock = flake(nodes)
    write(top, "flake.nix", flake_nix)
    write(top, "flake.lock", flake_lock)
    directories = max(1, files // 10)
    names = [f"group{number % 30}/dir{number}" if directories > 30 else f"dir{number}" for number in range(directories)]
    write(top, "modules/default.nix", module(0, names, size))
    for number, name in enumerate(names):
        siblings = [f"file{file}.nix" for file in range(max(1, files // directories - 1))]
        write(top, f"modules/{name}/default.nix", module(number, siblings, size))
        for file, sibling in enumerate(siblings):
            write(top, f"modules/{name}/{sibling}", module(number * 10 + file, [], size))
    write(top, ".gitignore", "result\nresult-*\n*.swp\n")
    git(top, "add", "--all")
    git(top, "commit", "-q", "-m", "all")
    settle(top)
    return top


def package_tree(top):
    """The shape of nixpkgs: 50,000 files in 40,000 directories, nested ignore files, an ignored tree of 20,000 files,
    some untracked files."""
    os.makedirs(top)
    git(top, "init", "-q", "-b", "main")
    draw = random.Random(1)
    flake_nix, flake_lock = flake(10)
    write(top, "flake.nix", flake_nix.replace("./modules", "./pkgs"))
    write(top, "flake.lock", flake_lock)
    write(top, "pkgs/default.nix", "{ }\n")
    for number in range(22_000):
        write(top, f"pkgs/by-name/p{number % 600:03}/package{number}/package.nix", "{ stdenv }: stdenv.mkDerivation { }\n")
    for number in range(10_000):
        write(top, f"pkgs/python-modules/package{number}/default.nix", "{ stdenv }: stdenv.mkDerivation { }\n")
    for number in range(7_000):
        deep = "/".join(f"d{draw.randrange(12)}" for _ in range(draw.randrange(1, 4)))
        write(top, f"pkgs/development/{deep}/package{number}/default.nix", "{ stdenv }: stdenv.mkDerivation { }\n")
    for number in range(11_000):
        write(top, f"nixos/modules/m{number % 90}/module{number}.nix", "{ }\n")
    write(top, ".gitignore", "*~\n,*\n.*.swp\nresult\nresult-*\n/doc/output\nnode_modules\n!.gitkeep\n*.pyc\n")
    for number in range(6):
        write(top, f"pkgs/by-name/p{number:03}/.gitignore", "*.log\n!keep.log\nbuild/\n")
    git(top, "add", "--all")
    git(top, "commit", "-q", "-m", "all")
    for number in range(20_000):
        write(top, f"pkgs/node/node_modules/m{number % 2500}/file{number}.js", "")
    for number in range(7):
        write(top, f"pkgs/by-name/p{number:03}/new{number}/package.nix", "{ }\n")
    settle(top)
    return top
