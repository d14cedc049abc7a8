"""What a vendor's folder is written with: model, commands, errors, Connector, Upstream, registry, contract suite."""
