//! How a function is linked for Lambda: without the tables for unwinding. The profile `release` ends the process at a panic, so
//! nothing unwinds, and strips the names, so a backtrace shows nothing with them either.

use std::env::var;

#[allow(clippy::disallowed_methods)] // cargo hands a build script its configuration so
fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/link/no-unwind-tables.ld");
    println!("cargo::rerun-if-changed={script}");
    let (profile, system) = (var("PROFILE"), var("CARGO_CFG_TARGET_OS"));
    if profile.as_deref() == Ok("release") && system.as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-T{script}");
    }
}
