"""How the outside speaks to Syrinx; transports only translate."""
