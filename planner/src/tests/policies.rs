//! What is wanted of the one service: scheduled downtime, Spot, two alarms with remedies, a budget that takes more and more.

use std::sync::LazyLock;

use crate::alarm::{
    AlarmPolicy, AlarmSeverity, FlappingPolicy, InsufficientDataPolicy, RemedyPolicy, RollbackPolicy, ScalePolicy,
    ScaleTarget,
};
use crate::budget::{BudgetPolicies, BudgetPolicy};
use crate::fleet::Fleet;

pub const REPOSITORY: &str = "acme/web";

/// What is wanted, read once.
#[derive(Clone)]
pub struct Policies {
    pub fleet: Fleet,
    pub budget: BudgetPolicy,
    /// More tasks when there is too much load, and the release before when there are errors.
    pub alarms: [AlarmPolicy; 2],
}

impl Policies {
    pub fn read() -> &'static Policies {
        static POLICIES: LazyLock<Policies> = LazyLock::new(policies);
        &POLICIES
    }
}

fn policies() -> Policies {
    let downtime = r#"{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]}"#;
    let web = format!(
        r#"{{"name":"web","cluster":"prod","baseline":{{"min":2,"max":6}},"spot":{{"mode":"prefer"}},"sleep":{downtime},
            "images":[{{"repository":"{REPOSITORY}","tag":{{"exact":"latest"}}}}]}}"#
    );
    let fleet = Fleet::parse(&format!(r#"{{"system":"acme","stage":"prod","services":[{web}]}}"#)).unwrap();
    let tiers = r#"[{"at_percent":80,"services":{"web":{"spot_only":true}}},
        {"at_percent":90,"services":{"web":{"max_tasks":3}}},
        {"at_percent":95,"services":{"web":{"longer_downtime_minutes":60}}},
        {"at_percent":100,"services":{"web":{"scale_to_zero":true}}}]"#;
    let budgets = BudgetPolicies::parse(&format!(r#"[{{"name":"monthly","tiers":{tiers}}}]"#), &fleet).unwrap();
    let alarm = |name: &str, remedy: RemedyPolicy| AlarmPolicy {
        name: name.into(),
        region: None,
        service: Some("web".into()),
        remedy,
        severity: AlarmSeverity::Critical,
        insufficient_data: InsufficientDataPolicy::Ignore,
        grace_minutes: 0,
        downtime_mutes: Vec::new(),
        flapping: FlappingPolicy::default(),
        runbook: "web.md".into(),
    };
    let cpu = alarm("cpu", RemedyPolicy::Scale(ScalePolicy { tasks: ScaleTarget::Count(5), minutes: 10, daily: 4 }));
    let alarms = [cpu, alarm("errors", RemedyPolicy::Rollback(RollbackPolicy::default()))];
    Policies { budget: budgets.iter().next().unwrap().clone(), fleet, alarms }
}
