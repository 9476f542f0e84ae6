{
  description = "Checks a Nix flake before the commit: untracked files, flake.lock drift, missing follows";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      eachSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      packageFor = pkgs: self.packages.${pkgs.stdenv.hostPlatform.system}.default;
    in
    {
      overlays.default = final: _: { preflake = final.callPackage ./nix/package.nix { }; };

      packages = eachSystem (pkgs: rec {
        preflake = pkgs.callPackage ./nix/package.nix { };
        default = preflake;
      });

      flakeModules = rec {
        preflake = import ./nix/flake-module.nix self;
        default = preflake;
      };

      lib.gitHook =
        pkgs:
        import ./nix/git-hook.nix {
          inherit lib;
          package = packageFor pkgs;
        };

      checks = eachSystem (pkgs: {
        # Its tests run while it is built.
        package = packageFor pkgs;
        own-flake = pkgs.runCommand "preflake-own-flake" { } ''
          cd ${self}
          ${lib.getExe (packageFor pkgs)} --deny-warnings
          touch $out
        '';
      });

      devShells = eachSystem (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ (packageFor pkgs) ];
          packages = [
            pkgs.clippy
            pkgs.maturin
            pkgs.python3
            pkgs.rustfmt
          ];
        };
      });

      formatter = eachSystem (pkgs: pkgs.nixfmt-tree);
    };
}
