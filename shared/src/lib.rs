//! AWS logic shared by every function.
