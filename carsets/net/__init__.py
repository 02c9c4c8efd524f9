"""How carsets behaves on the network: what it may reach, how hard it knocks, what it says."""
