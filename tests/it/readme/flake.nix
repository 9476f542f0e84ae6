{
  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    home-manager.url = "github:nix-community/home-manager";
    home-manager.inputs.nixpkgs.follows = "nixpkgs";
    sops-nix.url = "github:Mic92/sops-nix";
  };

  outputs = { nixpkgs, ... }@inputs: {
    nixosConfigurations.vega = nixpkgs.lib.nixosSystem {
      modules = [ ./hosts/vega inputs.sops-nix.nixosModules.sops ];
      specialArgs = { inherit inputs; };
    };
  };
}
