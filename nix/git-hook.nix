# What git-hooks.nix takes as `hooks.preflake`.
{ lib, package }:
{
  enable = true;
  name = "preflake";
  description = "Untracked files, flake.lock drift and missing follows";
  entry = "${lib.getExe package} check --staged";
  files = "(\\.nix|(^|/)flake\\.lock|(^|/)preflake\\.toml)$";
  pass_filenames = false;
}
