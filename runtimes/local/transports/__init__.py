"""How a local plugin is reached: `base` is the seam, `stdio` runs a program, the others find one that runs already."""
