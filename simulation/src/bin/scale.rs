//! `cargo xtask simulate --scale`: what fleets of any size take. It is a program of its own because it counts what is allocated.

// The futures of the functions nest deeper than the compiler follows by default.
#![recursion_limit = "256"]

use std::time::Instant;

use clap::Parser;
use simulation::engine::{Counter, Heap, count_with};
use simulation::scale::{Scene, table};

/// Measures fleets of up to 1,000 services, and writes docs/reference/scale.md.
#[derive(Debug, Parser)]
struct Options {
    /// Measure one size alone, and print it.
    #[arg(long)]
    size: Option<usize>,
}

fn main() {
    let options = Options::parse();
    count_with(Counter { count, leave_out: |work| allocation_counter::opt_out(work) });
    let sizes = options.size.map_or_else(|| table::SIZES.to_vec(), |size| vec![size]);
    let started = Instant::now();
    let mut said = |scene: Scene, size: usize| {
        eprintln!("{:6.1} s  {} of {size} services", started.elapsed().as_secs_f64(), scene.name());
    };
    let parts = table::parts(&sizes, &table::play(&sizes, &mut said));
    for (_, part) in &parts {
        println!("{part}");
    }
    if options.size.is_none() {
        tests::document::hold("docs/reference/scale.md", &parts, true);
    }
}

fn count(work: &mut dyn FnMut()) -> Heap {
    let counted = allocation_counter::measure(work);
    Heap { held: counted.bytes_current, most: i64::try_from(counted.bytes_max).unwrap_or(i64::MAX) }
}
