"""Which pages there are, what they are made from, and the frame around them."""

import html
import os
import posixpath
import re
import shutil

from text import Broken, render, resolver

# The guide, in reading order; further files of docs/guide come behind.
GUIDE = ["adopting", "installing", "hooks", "ci", "configuring", "suppressing", "fixing", "graph", "merge-driver", "nix"]
LEVELS = {"Error": "error", "Warn": "warning", "Off": "off unless asked for"}
FIXES = {"None": "none", "Safe": "safe", "Unsafe": "unsafe"}


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


def cargo(top, key):
    return re.search(rf'^{key} = "(.*)"$', read(top, "Cargo.toml"), re.M).group(1)


class Rule:
    """What a rule's source says of it."""

    def __init__(self, top, stem):
        source = read(top, f"src/rules/{stem}.rs")
        literal = source[source.index("RULE: Rule = Rule {"):]
        self.stem = stem
        self.name = stem.replace("_", "-")
        self.summary = re.search(r'summary: "((?:[^"\\]|\\.)*)"', literal).group(1).replace('\\"', '"')
        self.level = LEVELS[re.search(r"level: Level::(\w+)", literal).group(1)]
        self.fix = FIXES[re.search(r"fix: FixAvailability::(\w+)", literal).group(1)]
        self.since = re.search(r'since: "([^"]*)"', literal).group(1)

    def facts(self):
        level = self.level.split(" ")[0]
        return (f'<ul class="facts"><li class="{level}">{self.level}</li><li>fix: {self.fix}</li>'
                f"<li>since {self.since}</li></ul>")


def groups(top, rules):
    """The rules as the README groups them: (title, rules)."""
    section = read(top, "README.md").split("\n## Rules\n")[1].split("\n## ")[0]
    known = {rule.name: rule for rule in rules}
    found = []
    for item in re.split(r"^- ", section, flags=re.M)[1:]:
        item = item.split("\n\n")[0]
        title = re.search(r"\*\*(.*?)\*\*", item).group(1)
        names = [name for name in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", item) if name in known]
        title = title if title.startswith("flake.") else title[0].upper() + title[1:]
        found.append((title, [known[name] for name in names]))
    missing = set(known) - {rule.name for _, group in found for rule in group}
    if missing:
        raise Broken(f"README.md groups no rule called {sorted(missing)}")
    return found


def inline(text):
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text, quote=False))


def rule_table(groups_):
    rows = ["# Rules", ""]
    for title, group in groups_:
        rows += [f"## {title}", "", "| rule | finds | level | fix |", "|---|---|---|---|"]
        for rule in group:
            fix = "" if rule.fix == "none" else rule.fix
            level = rule.level.split(" ")[0]
            rows.append(f"| [{rule.name}](src/rules/{rule.stem}.md) | {rule.summary} | {level} | {fix} |")
        rows.append("")
    return "\n".join(rows)


def front(top):
    """site/front.md with the README's picture in its place."""
    picture = re.search(r"<!-- picture[^\n]*-->\n(```text\n.*?\n```)", read(top, "README.md"), re.S).group(1)
    return read(top, "site/front.md").replace("<!-- picture -->", picture)


class Site:
    """The pages: their files in the repository, and what leads to them."""

    def __init__(self, top, out):
        self.top, self.out = top, out
        self.repository = cargo(top, "repository")
        self.version = cargo(top, "version")
        stems = sorted(name[:-3] for name in os.listdir(os.path.join(top, "src/rules")) if name.endswith(".md"))
        self.rules = [Rule(top, stem) for stem in stems]
        self.groups = groups(top, self.rules)
        written = sorted(name[:-3] for name in os.listdir(os.path.join(top, "docs/guide")) if name.endswith(".md"))
        written.sort(key=lambda name: GUIDE.index(name) if name in GUIDE else len(GUIDE))
        self.guide = [(f"docs/guide/{name}.md", f"guide/{name}.html") for name in written]
        self.guide.append(("docs/nix-versions.md", "guide/nix-versions.html"))
        self.pages = dict(self.guide)
        self.pages.update({f"src/rules/{rule.stem}.md": f"rules/{rule.name}.html" for rule in self.rules})
        self.pages.update({"README.md": "index.html", "docs/guide": self.guide[0][1], "src/rules": "rules/index.html"})
        self.images = sorted(os.listdir(os.path.join(top, "docs/images")))
        self.pages.update({f"docs/images/{name}": f"images/{name}" for name in self.images})
        self.titles = {page: read(top, file).split("\n")[0].removeprefix("# ") for file, page in self.guide}
        self.template = read(top, "site/page.html")

    def navigation(self, page):
        def item(target, text):
            here = ' aria-current="page"' if target == page else ""
            link = posixpath.relpath(target, posixpath.dirname(page) or ".")
            return f'<li><a href="{link}"{here}>{text}</a></li>'
        guide = "".join(item(target, inline(self.titles[target])) for _, target in self.guide)
        parts = [f"<h2>Guide</h2><ul>{guide}</ul>", f'<h2>Rules</h2><ul>{item("rules/index.html", "All rules")}</ul>']
        for title, group in self.groups:
            rules = "".join(item(f"rules/{rule.name}.html", rule.name) for rule in group)
            inside = any(f"rules/{rule.name}.html" == page for rule in group)
            opened = " open" if inside else ""
            parts.append(f"<details{opened}><summary>{inline(title)}</summary><ul>{rules}</ul></details>")
        return "".join(parts)

    def write(self, page, source, text, facts=""):
        """One page, from Markdown that lies in the file `source`."""
        resolve = resolver(self.top, source, page, self.pages, self.repository)
        body, headings = render(text, resolve)
        title = text.split("\n")[0].removeprefix("# ").replace("`", "")
        if facts:
            body = body.replace("</h1>", "</h1>" + facts, 1)
        contents = ""
        if page.startswith("guide/") and len(headings) > 2:
            links = "".join(f'<li><a href="#{anchor}">{name}</a></li>' for anchor, name in headings)
            contents = f'<nav class="contents" aria-label="On this page"><ul>{links}</ul></nav>'
            body = body.replace("</h1>", "</h1>" + contents, 1)
        up = "../" * page.count("/")
        values = {
            "title": title if page == "index.html" else f"{title} – preflake",
            "up": up, "body": body, "navigation": self.navigation(page), "repository": self.repository,
            "version": self.version, "source": f"{self.repository}/blob/main/{source}",
            "kind": page.split("/")[0].split(".")[0],
        }
        filled = re.sub(r"\{\{(\w+)\}\}", lambda found: values[found.group(1)], self.template)
        path = os.path.join(self.out, page)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(filled)


def write(top, out):
    """Writes the site and returns the number of its pages."""
    site = Site(top, out)
    shutil.rmtree(out, ignore_errors=True)
    for file, page in site.guide:
        site.write(page, file, read(top, file))
    for rule in site.rules:
        source = f"src/rules/{rule.stem}.md"
        site.write(f"rules/{rule.name}.html", source, read(top, source), rule.facts())
    site.write("rules/index.html", "rules.md", rule_table(site.groups))
    site.write("index.html", "README.md", front(top))
    os.makedirs(os.path.join(out, "images"))
    for name in site.images:
        shutil.copy(os.path.join(top, "docs/images", name), os.path.join(out, "images"))
    shutil.copy(os.path.join(top, "site/style.css"), out)
    return len(site.guide) + len(site.rules) + 2
