//! `cargo xtask`: the project's own commands.

use clap::Parser;

#[derive(Parser)]
enum Command {
    /// Measure the rollout function against the same job in Python and Node
    Bench(xtask::bench::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Bench(args) => xtask::bench::run(&args),
    }
}
