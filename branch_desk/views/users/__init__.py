"""An e-banking user: clave, token, unlocking."""
