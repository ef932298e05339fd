"""A model of a Cortex-M7's cycles: executed blocks in QEMU, their cost by LLVM's scheduling model."""
