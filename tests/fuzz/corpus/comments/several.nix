{
  # preflake: ignore[invalid-flake, unused-ignore] known
  # another
  outputs = _: missing; # preflake: ignore[missing-import]
  inputs.a.url = "github:o/r"; # preflake: ignore[missing-lock] no lock yet
  # inputs.a.inputs.nixpkgs.follows = "nixpkgs";
  /* preflake: ignore[nonsense] */
}
