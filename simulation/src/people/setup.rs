//! How the system is that the automation operates, drawn from a seed.

use serde_json::{Value, json};

use crate::account::{ACCOUNT, Account, REGION, SECRET, added};
use crate::rng::Rng;

/// How the system is that the automation operates. Most days are ordinary: each of these is rare.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setup {
    /// How many services there are beside those of the templates.
    pub more: usize,
    /// Does every service have a pre-deploy task?
    pub migration: bool,
    /// Have the services been running for long when the automation is installed, the last one at 0 and with a newer image under its tag?
    pub installed: bool,
    /// Has the last service no scalable target?
    pub unscaled: bool,
    /// Is everything a dry run?
    pub dry_run: bool,
    /// Does a scan have to end without critical findings before an image is rolled out?
    pub scan: Option<Unscanned>,
    /// Does Amazon Inspector scan images, and not ECR?
    pub inspector: bool,
    /// Does ECR have to have signed an image before it is rolled out?
    pub signed: bool,
    /// Which tags are followed.
    pub follows: Follows,
    /// Do all services restart when a secret has changed, and do all have quiet hours?
    pub restarts: bool,
    /// Which tiers the budget has.
    pub tiers: Tiers,
    /// Does an alarm without data count, and is it announced?
    pub watches_data: bool,
    /// Does the task definition name the followed tag, and not `live`, so that it does not name the running images?
    pub by_tag: bool,
    /// Are the images of the first service left alone?
    pub unfollowed: bool,
    /// Does AWS CodeDeploy deploy the first service?
    pub code_deploy: bool,
}

/// What becomes of an image that was not scanned in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unscanned {
    /// It is refused.
    Refuse,
    /// It is rolled out.
    Accept,
}

/// Which tags are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Follows {
    /// `latest`.
    #[default]
    Latest,
    /// The newest commit.
    Commits,
    /// The highest version.
    Versions,
}

/// Which tiers the budget has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tiers {
    /// Those of the templates: AWS Budgets sends a notice at each.
    #[default]
    Usual,
    /// Others than those at which AWS Budgets sends notices.
    Other,
    /// Others, of a budget for each day that counts the tasks alone.
    Daily,
}

/// Globs and ranges of what a push has beside `latest`.
const COMMITS: &str = "0a1*";
const VERSIONS: &str = "^1";

/// The signing profile of AWS Signer that the registry and the fleet name.
pub fn profile() -> String {
    format!("arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/releases")
}

impl Setup {
    /// Draws one.
    pub fn draw(rng: &mut Rng) -> Setup {
        let by_tag = rng.chance(0.05);
        let unfollowed = rng.chance(0.03);
        let code_deploy = rng.chance(0.03);
        Setup {
            more: usize::from(rng.chance(0.12)),
            migration: rng.chance(0.25),
            // These are of a system that the automation has not set up.
            installed: by_tag || unfollowed || code_deploy || rng.chance(0.1),
            unscaled: rng.chance(0.1),
            dry_run: rng.chance(0.04),
            scan: rng.chance(0.08).then(|| *rng.pick(&[Unscanned::Refuse, Unscanned::Accept])),
            inspector: rng.chance(0.3),
            signed: rng.chance(0.08),
            follows: match rng.between(0, 19) {
                0 => Follows::Commits,
                1 => Follows::Versions,
                _ => Follows::Latest,
            },
            restarts: rng.chance(0.1),
            tiers: match rng.between(0, 19) {
                0 => Tiers::Other,
                1 => Tiers::Daily,
                _ => Tiers::Usual,
            },
            watches_data: rng.chance(0.1),
            by_tag,
            unfollowed,
            code_deploy,
        }
    }

    /// Names of the services beside those of the templates.
    pub fn added(&self) -> Vec<String> {
        added(self.more)
    }

    /// The account that is deployed so.
    pub fn account(&self) -> Account {
        let dry_run = if self.dry_run { "true" } else { "false" };
        let first = if self.installed { "false" } else { "true" };
        let mut account = Account::huskit(&[("FirstDeploy", first), ("DryRun", dry_run)]);
        account.add(self.more);
        account.change_fleet(|service| self.change(service));
        if self.unscaled {
            account.forget_target();
        }
        if self.signed {
            account.sign_with(&profile());
        }
        let of = account.services().first().cloned().unwrap_or_default();
        if self.unfollowed {
            account.change_fleet(|service| {
                if service["name"] == of.as_str() {
                    service["images"] = json!([]);
                }
            });
        }
        if self.code_deploy {
            account.deploy_by("CODE_DEPLOY", &of);
        }
        if self.by_tag {
            account.run_by_tag("latest");
        }
        if self.watches_data {
            account.watch_data();
        }
        self.change_budget(&mut account);
        account.carry(SECRET);
        account
    }

    /// What is not ordinary, for the table of what was met.
    pub fn names(&self) -> Vec<&'static str> {
        let known = [
            (self.more > 0, "services beside those of the templates"),
            (self.migration, "pre-deploy tasks"),
            (self.installed, "installed beside services that run"),
            (self.unscaled, "a service without a scalable target"),
            (self.dry_run, "a dry run"),
            (self.scan == Some(Unscanned::Refuse), "a scan gate"),
            (self.scan == Some(Unscanned::Accept), "a scan gate that accepts what is not scanned"),
            (self.inspector && self.scan.is_some(), "scans of Amazon Inspector"),
            (self.signed, "a signature gate"),
            (self.follows == Follows::Commits, "commits are followed"),
            (self.follows == Follows::Versions, "versions are followed"),
            (self.restarts, "restarts for secrets, quiet hours"),
            (self.tiers == Tiers::Other, "other tiers"),
            (self.tiers == Tiers::Daily, "a budget for each day"),
            (self.watches_data, "alarms without data are announced"),
            (self.by_tag, "the task definition names the followed tag"),
            (self.unfollowed, "images that are left alone"),
            (self.code_deploy, "AWS CodeDeploy"),
        ];
        let ordinary = known.iter().all(|(is, _)| !is);
        known.into_iter().chain([(ordinary, "ordinary")]).filter(|(is, _)| *is).map(|(_, name)| name).collect()
    }

    fn change(&self, service: &mut Value) {
        let image = &mut service["images"][0];
        match self.follows {
            Follows::Latest => {}
            Follows::Commits => image["tag"] = json!({ "glob": COMMITS }),
            Follows::Versions => image["tag"] = json!({ "semver": VERSIONS }),
        }
        if self.signed {
            image["signed_by"] = profile().into();
        }
        let container = service["name"].clone();
        let rollout = &mut service["rollout"];
        if self.migration {
            rollout["pre_deploy_task"] =
                json!({ "container": container, "command": ["migrate"], "deadline_minutes": 15 });
        }
        if let Some(unscanned) = self.scan {
            let unscanned = if unscanned == Unscanned::Accept { "accept" } else { "refuse" };
            rollout["scan"] = json!({ "wait_minutes": 5, "max": { "critical": 0 }, "unscanned": unscanned });
        }
        if self.restarts {
            rollout["restart_on_secret_change"] = true.into();
            rollout["quiet_hours"] = json!({ "zone": "UTC", "windows": [{ "from": "02:00", "to": "06:00" }] });
        }
    }

    fn change_budget(&self, account: &mut Account) {
        let names = account.services();
        let (Some(first), Some(last)) = (names.first().cloned(), names.last().cloned()) else { return };
        let tiers = json!([
            { "at_percent": 50, "services": { last.as_str(): { "max_tasks": 1 } } },
            { "at_percent": 85, "services": { first.as_str(): { "max_tasks": 3 } } },
            { "at_percent": 120, "services": { last.as_str(): { "scale_to_zero": true } } },
            { "at_percent": 200, "services": { first.as_str(): { "max_tasks": 2 } } },
        ]);
        if self.tiers == Tiers::Usual {
            return;
        }
        let daily = self.tiers == Tiers::Daily;
        account.change_budgets(|budget| {
            budget["tiers"] = tiers.clone();
            if daily {
                budget["counts_tasks_alone"] = true.into();
            }
        });
        if daily {
            account.change_resources("AWS::Budgets::Budget", |properties| {
                properties["Budget"]["TimeUnit"] = "DAILY".into()
            });
        }
    }
}
