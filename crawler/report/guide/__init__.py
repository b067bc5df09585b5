"""What a developer needs to know of each rule: for the compliance guide, the self-check, and whoever else explains a finding."""
