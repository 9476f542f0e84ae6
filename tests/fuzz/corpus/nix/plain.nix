{
  description = "x";
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    home-manager = { url = "github:nix-community/home-manager"; inputs.nixpkgs.follows = "nixpkgs"; };
    "a b".url = "path:./a"; # preflake: ignore[local-input] here
    c.flake = false;
    c.url = "git+https://e.org/c?ref=main";
  };
  inputs.d.follows = "home-manager/nixpkgs";
  nixConfig.extra-substituters = [ "https://cache.e.org" ./keys ];
  outputs = { self, nixpkgs, ... }@inputs: let
    f = { a ? 1, b, ... }@x: a + b; inherit (nixpkgs) lib;
  in rec {
    nixosConfigurations.vega = lib.nixosSystem { modules = [ ./hosts/vega (import ./x.nix { }) inputs.c ]; };
    s = "a ${toString 1} \${x} $${y}"; i = ''
      ''${a} ''\n ''' ${self}/b
    '';
    p = [ ./. ../a ~/b <nixpkgs/lib> /etc/x ./${f}/y https://e.org/a ];
    t = if !(a ? b.c or d) && -1 < 2 || [ ] ++ [ 1.5 ] == null -> true then assert true; { } // { } else with lib; x;
  };
}
