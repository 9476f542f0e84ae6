{
  lib,
  rustPlatform,
  gitMinimal,
}:

rustPlatform.buildRustPackage {
  pname = "preflake";
  version = (lib.importTOML ../Cargo.toml).package.version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../README.md
      ../hooks
      ../src
      ../tests
    ];
  };

  cargoLock.lockFile = ../Cargo.lock;

  nativeCheckInputs = [ gitMinimal ];

  meta = {
    description = "Checks a Nix flake before the commit, offline and without Nix";
    license = with lib.licenses; [
      mit
      asl20
    ];
    mainProgram = "preflake";
  };
}
