"""How a version is named, told of and packed."""
