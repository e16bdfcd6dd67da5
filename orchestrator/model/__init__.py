"""Models behind one seam (`base`): real ones over HTTP, a scripted one, and the offline stand-in."""
