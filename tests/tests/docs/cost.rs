//! `docs/reference/cost.md`.

use jiff::{Timestamp, ToSpan};
use planner::capacity::Sleep;
use planner::model::{Arch, Prices};
use tests::document::table;

use crate::bill::{Part, REGION, SIZES, Size, bill, both, task_month, tasks};
use crate::inventory::{self, Inventory};
use crate::price_list as list;

/// The generated parts.
pub fn parts() -> Vec<(&'static str, String)> {
    let inventory = Inventory::take();
    let parts = bill(&inventory);
    let total = total(&parts);
    vec![
        ("sentence", sentence(&inventory, total)),
        ("month", month(&parts, total)),
        ("saved", saved(&inventory, total)),
        ("assumed", assumed(&inventory)),
        ("prices", prices()),
    ]
}

fn usd(amount: f64) -> String {
    format!("{amount:.2}")
}

fn month(parts: &[Part], total: [f64; 2]) -> String {
    let mut rows: Vec<Vec<String>> = parts
        .iter()
        .map(|part| vec![part.name.clone(), part.counted.clone(), usd(part.usd[0]), usd(part.usd[1]), part.plan.into()])
        .collect();
    let bold = |text: String| format!("**{text}**");
    rows.push(vec![
        bold("All of it".into()),
        String::new(),
        bold(usd(total[0])),
        bold(usd(total[1])),
        "268-667".into(),
    ]);
    table(&["part", "counted from the templates", SIZES[0].name, SIZES[1].name, "first estimate"], rows)
}

/// What the crawler saves by scheduled downtime and by Spot, with addresses and storage of its tasks.
fn saved(inventory: &Inventory, total: [f64; 2]) -> String {
    let (night, weekend) = (night(&[]), night(&[("DowntimeWeekends", "true")]));
    let whole = crawler(inventory, 1.0, false);
    let row = |name: String, awake: f64, spot: bool| {
        let cost = crawler(inventory, awake, spot);
        let mut cells = vec![name];
        for (at, cost) in cost.iter().enumerate() {
            cells.extend([usd(*cost), usd(whole[at] - cost), usd(total[at] - whole[at] + cost)]);
        }
        cells
    };
    let rows = [
        row("on demand, always on".into(), 1.0, false),
        row(format!("scheduled downtime at night, {:.0} % of the week", night * 100.0), 1.0 - night, false),
        row("on Spot".into(), 1.0, true),
        row("scheduled downtime at night, on Spot by day".into(), 1.0 - night, true),
        row(format!("the same, and at weekends: {:.0} % of the week", weekend * 100.0), 1.0 - weekend, true),
    ];
    let [now, then] = [SIZES[0].name, SIZES[1].name];
    let (now, then) = (format!("{now}: costs"), format!("{then}: costs"));
    table(&["the crawler", &now, "saves", "all of it", &then, "saves", "all of it"], rows)
}

/// What the crawler costs in a month when it is awake for that share of it.
fn crawler(inventory: &Inventory, awake: f64, spot: bool) -> [f64; 2] {
    let own = &inventory.services[1];
    both(|size| task_month(own, spot).iter().sum::<f64>() * tasks(own, 1, size) * awake)
}

/// Share of a week that the crawler sleeps with these parameters.
fn night(given: &[(&str, &str)]) -> f64 {
    let crawler = inventory::fleet(given).services.pop().unwrap();
    asleep(&crawler.sleep.unwrap())
}

/// The estimate in a sentence.
fn sentence(inventory: &Inventory, total: [f64; 2]) -> String {
    let saved = crawler(inventory, 1.0, false)[0] - crawler(inventory, 1.0 - night(&[]), true)[0];
    let [now, then] = [SIZES[0].name, SIZES[1].name];
    format!(
        "For {now} about {:.0} USD a month in {REGION} with everything on demand and always on, and about {:.0} USD with the crawler on Spot and in scheduled downtime at night; for {then} about {:.0} USD. The functions themselves cost next to nothing.",
        total[0],
        total[0] - saved,
        total[1]
    )
}

fn total(parts: &[Part]) -> [f64; 2] {
    [0, 1].map(|at| parts.iter().map(|part| part.usd[at]).sum())
}

/// Share of an ordinary week that is slept.
fn asleep(sleep: &Sleep) -> f64 {
    // Monday 5 October 2026: no clock changes that week.
    let monday: Timestamp = "2026-10-05T00:00:00Z".parse().unwrap();
    let steps = 7 * 24 * 12;
    let slept = (0..steps).filter(|step| sleep.at(monday + (step * 5).minutes()).in_force).count();
    slept as f64 / f64::from(steps)
}

fn assumed(inventory: &Inventory) -> String {
    let row = |name: &str, of: &dyn Fn(&Size) -> String| {
        let mut cells = vec![name.to_owned()];
        cells.extend(SIZES.iter().map(of));
        cells
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (which, service) in inventory.services.iter().enumerate() {
        rows.push(row(&format!("tasks of {}, on average", service.policy.name), &|size| {
            tasks(service, which, size).to_string()
        }));
    }
    rows.extend([
        row("requests a month (million)", &|size| size.requests_million.to_string()),
        row("responses to users, through CloudFront (GB)", &|size| size.cdn_gb.to_string()),
        row("outbound traffic of the tasks: models, databases, crawled pages (GB)", &|size| {
            size.tasks_out_gb.to_string()
        }),
        row("capacity units of the load balancer, on average", &|size| size.capacity_units.to_string()),
        row("logs of containers, functions and Container Insights (GB)", &|size| size.log_gb.to_string()),
        row("log of the web ACL (GB)", &|size| size.acl_log_gb.to_string()),
        row("static files and access logs stored (GB)", &|size| size.files_gb.to_string()),
        row("images stored (GB)", &|size| size.images_gb.to_string()),
    ]);
    table(&["assumed", SIZES[0].name, SIZES[1].name], rows)
}

fn prices() -> String {
    let fargate = Prices::for_region(REGION).unwrap();
    let mut rows = Vec::new();
    for (name, arch) in [("x86_64", Arch::X86_64), ("arm64", Arch::Arm64)] {
        for (how, spot) in [("on demand", false), ("Spot, typical", true)] {
            let [cpu, memory] =
                [(1024, 0), (0, 1024)].map(|(cpu, memory)| fargate.task_hour(cpu, memory, arch, spot).dollars());
            let source = "[price/table.rs](../../planner/src/model/price/table.rs), September 2026".to_owned();
            rows.push(vec![
                format!("Fargate on {name}, {how}"),
                format!("{cpu} and {memory}"),
                "vCPU-hour and GB-hour".into(),
                String::new(),
                source,
            ]);
        }
    }
    rows.extend(list::ALL.iter().map(|price| {
        [price.what, &price.usd.to_string(), price.per, price.free, price.source.text()].map(str::to_owned).to_vec()
    }));
    table(&["what", "USD", "per", "free every month", "source"], rows)
}
