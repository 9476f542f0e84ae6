# For flake-parts: a check that runs preflake on the flake's source.
preflake:
{
  self,
  lib,
  flake-parts-lib,
  ...
}:
{
  options.perSystem = flake-parts-lib.mkPerSystemOption (
    {
      config,
      pkgs,
      system,
      ...
    }:
    let
      cfg = config.preflake;
    in
    {
      options.preflake = {
        package = lib.mkOption {
          type = lib.types.package;
          default = preflake.packages.${system}.default;
          defaultText = lib.literalExpression "inputs.preflake.packages.\${system}.default";
          description = "The preflake that runs.";
        };
        arguments = lib.mkOption {
          type = lib.types.listOf lib.types.str;
          default = [ "--deny-warnings" ];
          description = "Arguments of `preflake check`.";
        };
      };

      # Inside a build there is no git: the lock, the follows and flake.nix are judged.
      config.checks.preflake = pkgs.runCommand "preflake" { } ''
        cd ${self}
        ${lib.getExe cfg.package} check ${lib.escapeShellArgs cfg.arguments}
        touch $out
      '';
    }
  );
}
