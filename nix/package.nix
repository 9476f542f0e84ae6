{
  lib,
  stdenv,
  rustPlatform,
  gitMinimal,
  installShellFiles,
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
      ../docs
      ../hooks
      ../src
      ../tests
    ];
  };

  cargoLock.lockFile = ../Cargo.lock;

  nativeBuildInputs = [ installShellFiles ];
  nativeCheckInputs = [ gitMinimal ];

  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    mkdir man
    $out/bin/preflake man --out man
    installManPage man/*.1
    installShellCompletion --cmd preflake \
      --bash <($out/bin/preflake completions bash) \
      --fish <($out/bin/preflake completions fish) \
      --zsh <($out/bin/preflake completions zsh)
  '';

  meta = {
    description = "Checks a Nix flake before the commit, offline and without Nix";
    homepage = "https://github.com/preflake/preflake";
    license = with lib.licenses; [
      mit
      asl20
    ];
    mainProgram = "preflake";
  };
}
