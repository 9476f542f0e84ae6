{ inputs.a.url = "nixpkgs";
  outputs = inputs: import ./o.nix inputs;
  /* a /* b */ }