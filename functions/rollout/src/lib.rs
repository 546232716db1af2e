//! Rolls a service when an image arrives.
