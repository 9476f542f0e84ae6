# preflake: ignore[a]
{ outputs = _: import ./nowhere.nix; } # preflake: ignore[missing-import, x]