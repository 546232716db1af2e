//! What was measured, as the tables of `docs/reference/scale.md`.

use std::collections::BTreeMap;

use super::measure;
use super::measured::{Measured, Scene, Work};

/// The sizes that the document has.
pub const SIZES: [usize; 5] = [1, 10, 100, 500, 1_000];
/// Those that a test plays again.
pub const SMALL: [usize; 2] = [1, 10];

const FUNCTIONS: [&str; 4] = ["rollout", "capacity", "alarm", "budget"];
/// Ticks in a month of 730 hours: of the budget function, and of each of the others.
const HOURS: f64 = 730.0;
const TICKS: f64 = 12.0 * HOURS;
/// Memory of a function, in GB.
const MEMORY: f64 = 0.25;
/// Prices of eu-central-1 in USD, as docs/reference/cost.md has them: a GB-second of Lambda on arm64, a write unit of DynamoDB, a GB
/// of logs, a custom metric. AWS asks a fifth of a write unit for a read unit.
const GB_SECOND: f64 = 13.33e-6;
const REQUEST: f64 = 0.2e-6;
const WRITE_UNIT: f64 = 0.7625e-6;
const READ_UNIT: f64 = WRITE_UNIT / 5.0;
const LOG_GB: f64 = 0.63;
const METRIC: f64 = 0.3;
/// Metrics of each service that the automation writes, and those that are free.
const METRICS_OF_A_SERVICE: f64 = 4.0;
const FREE_METRICS: f64 = 10.0;

/// What came of each scene and size.
pub type Results = BTreeMap<(&'static str, usize), Measured>;

/// What happens to a fleet at once.
const SCENES: [Scene; 3] = [Scene::Morning, Scene::BaseImage, Scene::LostZone];

const QUIET: &str = "| services | rollout | capacity | alarm | budget | longest s | read units | Lambda | DynamoDB | logs | metrics | USD a month | peak MB |";
const AT_ONCE: &str = "| what happens | services | calls | invocations | handed on | longest s | failed | throttled | updated | last after s | limit s | peak MB |";
const REQUESTS: &str = "| meanwhile | services | request | waits s |";

/// Plays every scene for these sizes, and says before each what it measures.
pub fn play(sizes: &[usize], progress: &mut dyn FnMut(Scene, usize)) -> Results {
    let each = Scene::ALL.into_iter().flat_map(|scene| sizes.iter().map(move |size| (scene, *size)));
    let each = each.map(|(scene, size)| {
        progress(scene, size);
        let seen = measure(scene, size);
        if let Some(error) = &seen.error {
            eprintln!("  {} of {size} services: {error}", scene.name());
        }
        ((scene.name(), size), seen)
    });
    each.collect()
}

/// Names of the generated parts, and the tables.
pub fn parts(sizes: &[usize], results: &Results) -> [(&'static str, String); 3] {
    let rows = |scenes: &[Scene], row: fn(Scene, usize, &Measured) -> String| -> String {
        let each = scenes.iter().flat_map(|scene| sizes.iter().map(|size| (*scene, *size)));
        each.map(|(scene, size)| row(scene, size, &results[&(scene.name(), size)])).collect()
    };
    let quiet = rows(&[Scene::QuietTick], |_, size, seen| quiet_row(size, seen) + &memory(seen));
    let scenes = rows(&SCENES, |scene, size, seen| scene_row(scene, size, seen) + &memory(seen));
    let requests = rows(&SCENES, request_row);
    let table = |head: &str, rows: String| format!("{head}\n{}\n{rows}", rule(head));
    [("quiet", table(QUIET, quiet)), ("scenes", table(AT_ONCE, scenes)), ("requests", table(REQUESTS, requests))]
}

/// The last column, which differs a little with how the functions were compiled.
fn memory(seen: &Measured) -> String {
    // Far below what a fraction holds exactly.
    #[allow(clippy::cast_precision_loss)]
    let megabytes = seen.most_heap as f64 / 1e6;
    format!(" {megabytes:.1} |\n")
}

/// Nothing where no engineer asked for anything.
fn request_row(scene: Scene, size: usize, seen: &Measured) -> String {
    if seen.waits.is_empty() {
        return String::new();
    }
    let action = if scene == Scene::Morning { "wake" } else { "restart" };
    let waits = seen.waits.iter().map(|wait| wait.map_or("never".to_owned(), |wait| format!("{wait:.1}")));
    format!("| {} | {size} | `{action}` | {} |\n", scene.name(), waits.collect::<Vec<_>>().join(", "))
}

/// One size of fleet when nothing happens, but for the memory.
pub fn quiet_row(size: usize, seen: &Measured) -> String {
    let calls: Vec<String> =
        FUNCTIONS.map(|name| seen.functions.get(name).map_or(0, |work| work.calls).to_string()).to_vec();
    let month = |of: fn(&Work) -> f64| {
        let each = seen.functions.iter().map(|(name, work)| of(work) * if *name == "budget" { HOURS } else { TICKS });
        each.sum::<f64>()
    };
    let lambda = month(|work| work.took.as_secs_f64() * MEMORY * GB_SECOND + count(work.invocations) * REQUEST);
    let dynamodb = month(|work| count(work.read_units) * READ_UNIT + count(work.write_units) * WRITE_UNIT);
    let logs = month(|work| count(work.logged) * 1e-9 * LOG_GB);
    let metrics = (number(size) * METRICS_OF_A_SERVICE - FREE_METRICS).max(0.0) * METRIC;
    let units = seen.total(|work| work.read_units);
    format!(
        "| {size} | {} | {:.1} | {units} | {lambda:.2} | {dynamodb:.2} | {logs:.2} | {metrics:.2} | {:.2} |",
        calls.join(" | "),
        seen.longest().as_secs_f64(),
        lambda + dynamodb + logs + metrics
    )
}

/// What a scene takes at one size of fleet, but for the memory.
pub fn scene_row(scene: Scene, size: usize, seen: &Measured) -> String {
    let total = |of: fn(&Work) -> u64| seen.total(of);
    let seconds = |seconds: Option<f64>| seconds.map_or_else(String::new, |seconds| format!("{seconds:.1}"));
    format!(
        "| {} | {size} | {} | {} | {} | {:.1} | {} | {} | {} | {} | {} |",
        scene.name(),
        total(|work| work.calls),
        total(|work| work.invocations),
        total(|work| work.handed_on),
        seen.longest().as_secs_f64(),
        total(|work| work.failed),
        total(|work| work.throttled),
        seen.services,
        seconds(seen.updated),
        seconds(scene.limit(size))
    )
}

fn rule(head: &str) -> String {
    let columns = head.matches('|').count() - 1;
    format!("|{}", "---|".repeat(columns))
}

/// Small enough to be exact.
#[allow(clippy::cast_precision_loss)]
fn count(count: u64) -> f64 {
    count as f64
}

fn number(size: usize) -> f64 {
    count(size as u64)
}
