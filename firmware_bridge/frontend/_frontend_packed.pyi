from firmware_bridge.frontend._frontend import Frontend as Frontend
from firmware_bridge.frontend._frontend import quantise as quantise
