"""A model of a Cortex-M7's cycles: blocks that QEMU executed, their cost by LLVM's model."""
