//! Reads the records of all budgets, the spend that AWS Budgets returns, and the cost of the running tasks.

use futures_util::future::{join_all, try_join_all};
use planner::budget::{BudgetPolicy, Record, Spend};
use planner::model::{Service, ServiceId, Strategy, TasksByProvider, Usd};
use shared::Result;
use shared::error::Context;
use shared::ledger::{Entry, Subject};

use crate::App;

/// The ledger entry of each budget.
pub(crate) type Entries<'a> = Vec<(&'a BudgetPolicy, Entry<Record>)>;

impl App {
    /// The entries of all budgets: the restrictions of a service follow from all of them.
    pub(crate) async fn entries(&self) -> Result<Entries<'_>> {
        let load = async |policy| Ok((policy, self.entry(policy).await?));
        try_join_all(self.policies.iter().map(load)).await
    }

    pub(crate) async fn entry(&self, policy: &BudgetPolicy) -> Result<Entry<Record>> {
        self.ledger.load(&Subject::Budget(policy.name.clone())).await
    }

    pub(crate) async fn spend(&self, policy: &BudgetPolicy) -> Result<Spend> {
        self.budgets.spend(&self.account, &policy.name, policy.limit.as_ref()).await
    }

    /// Hourly cost of all running tasks of the fleet; `None` when a price or a service is not known: the figure of AWS
    /// Budgets is then assessed without it.
    pub(crate) async fn hourly(&self) -> Option<Usd> {
        let ids: Vec<ServiceId> = self.config.fleet.services.iter().map(|policy| policy.id()).collect();
        let services = self.ecs.services(&ids).await;
        let each = join_all(services.into_iter().map(|(id, service)| self.service_hour(id, service))).await;
        let sum: Result<Option<Usd>> = each.into_iter().sum();
        sum.unwrap_or_else(|error| {
            tracing::warn!(error.kind = error.kind().label(), "cost of the running tasks unknown: {error}");
            None
        })
    }

    async fn service_hour(&self, id: ServiceId, service: Result<Service>) -> Result<Option<Usd>> {
        let service = service?;
        if service.running == 0 {
            return Ok(Some(Usd::default()));
        }
        let revision = self.ecs.revision(&service.revision).await.context(|| format!("price service {id}"))?;
        let on_demand = match &service.strategy {
            Strategy::Spot { base } => service.running.min(*base),
            Strategy::OnDemand | Strategy::Other(_) => service.running,
        };
        let tasks = TasksByProvider { on_demand, spot: service.running - on_demand };
        Ok(self.prices.zip(revision.size()).map(|(prices, size)| prices.service_hour(size, tasks)))
    }
}
