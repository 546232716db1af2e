//! Reads the records of all budgets, the spend that AWS Budgets returns, and the cost of the running tasks.

use futures_util::future::{join_all, join3, try_join_all};
use planner::budget::{BudgetPolicy, Record, Spend};
use planner::fleet::Fleet;
use planner::model::{Service, ServiceId, Strategy, TasksByProvider, Usd};
use shared::Result;
use shared::error::Context as _;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Context, Invocation};

use crate::app::App;
use crate::documents::BudgetDocuments;

/// The ledger entry of each budget.
pub(crate) type Entries<'a> = Vec<(&'a BudgetPolicy, Entry<Record>)>;

/// Everything that was seen of one budget.
pub struct ObservedBudget {
    /// What is remembered of it.
    pub(crate) entry: Entry<Record>,
    /// What AWS Budgets says, or why it could not be asked.
    pub(crate) spend: Result<Spend>,
    /// Hourly cost of all running tasks of the fleet, where prices and services are known.
    pub(crate) hourly: Option<Usd>,
}

/// The entries of all budgets: the restrictions of a service follow from all of them.
pub(crate) async fn entries<'d>(context: &Context, documents: &'d BudgetDocuments) -> Result<Entries<'d>> {
    let load = async |policy: &'d BudgetPolicy| Ok((policy, load(context, policy).await?));
    try_join_all(documents.budgets.iter().map(load)).await
}

async fn load(context: &Context, policy: &BudgetPolicy) -> Result<Entry<Record>> {
    context.ledger.load(&Subject::Budget(policy.name.clone())).await
}

impl App {
    /// Looks at the budgets in scope: records, spend and running tasks at once.
    pub(crate) async fn observe_budgets<'d>(
        &self,
        scope: &[&'d BudgetPolicy],
        invocation: &Invocation<'d, App>,
    ) -> Vec<Result<ObservedBudget>> {
        let entries = join_all(scope.iter().map(|policy| load(invocation.context, policy)));
        let spends = join_all(scope.iter().map(|policy| self.spend(policy)));
        let (entries, spends, hourly) = join3(entries, spends, self.hourly(&invocation.documents.fleet)).await;
        let each = entries.into_iter().zip(spends);
        each.map(|(entry, spend)| Ok(ObservedBudget { entry: entry?, spend, hourly })).collect()
    }

    async fn spend(&self, policy: &BudgetPolicy) -> Result<Spend> {
        self.budgets.spend(&self.account, &policy.name, policy.limit.as_ref()).await
    }

    /// Hourly cost of all running tasks of the fleet; `None` when a price or a service is not known: the figure of AWS
    /// Budgets is then assessed without it.
    async fn hourly(&self, fleet: &Fleet) -> Option<Usd> {
        let ids: Vec<ServiceId> = fleet.services.iter().map(|policy| policy.id()).collect();
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
