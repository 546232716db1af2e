//! Reads the records of all budgets, the spend that AWS Budgets returns, and the cost of the running tasks.

use futures_util::future::{join, join3};
use planner::budget::{BudgetPolicy, Record, Spend};
use planner::capacity::{self, RevisionSize};
use planner::fleet::Fleet;
use planner::model::{Service, ServiceId, Strategy, TasksByProvider, Usd};
use shared::error::Context as _;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Context, Invocation};
use shared::{Result, many};

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
    let policies: Vec<&BudgetPolicy> = documents.budgets.iter().collect();
    let entries = context.ledger.load_all(&subjects(&policies)).await;
    policies.into_iter().zip(entries).map(|(policy, entry)| Ok((policy, entry?))).collect()
}

fn subjects(policies: &[&BudgetPolicy]) -> Vec<Subject> {
    policies.iter().map(|policy| Subject::Budget(policy.name.clone())).collect()
}

impl App {
    /// Looks at the budgets in scope: records, spend and running tasks at once.
    pub(crate) async fn observe_budgets<'d>(
        &self,
        scope: &[&'d BudgetPolicy],
        invocation: &Invocation<'d, App>,
    ) -> Vec<Result<ObservedBudget>> {
        let Invocation { context, documents, .. } = *invocation;
        let subjects = subjects(scope);
        let entries = context.ledger.load_all(&subjects);
        let spends = many::all(scope.iter().map(|policy| self.spend(policy)));
        let (entries, spends, hourly) = join3(entries, spends, self.hourly(context, &documents.fleet)).await;
        let each = entries.into_iter().zip(spends);
        each.map(|(entry, spend)| Ok(ObservedBudget { entry: entry?, spend, hourly })).collect()
    }

    async fn spend(&self, policy: &BudgetPolicy) -> Result<Spend> {
        self.budgets.spend(&self.account, &policy.name, policy.limit.as_ref()).await
    }

    /// Hourly cost of all running tasks of the fleet; `None` when a price or a service is not known: the figure of AWS
    /// Budgets is then assessed without it.
    async fn hourly(&self, context: &Context, fleet: &Fleet) -> Option<Usd> {
        let ids: Vec<ServiceId> = fleet.services.iter().map(|policy| policy.id()).collect();
        let subjects: Vec<Subject> = ids.iter().cloned().map(Subject::Service).collect();
        let entries = context.ledger.load_all::<capacity::Record>(&subjects);
        let (mut services, entries) = join(self.ecs.services(&ids), entries).await;
        // The capacity function has read the sizes of most revisions already.
        let sizes = entries.into_iter().map(|entry| entry.ok().and_then(|entry| entry.record.size));
        let each = ids.into_iter().zip(sizes).filter_map(|(id, known)| Some((services.remove(&id)?, id, known)));
        let each = many::all(each.map(|(service, id, known)| self.service_hour(id, service, known))).await;
        let sum: Result<Option<Usd>> = each.into_iter().sum();
        sum.unwrap_or_else(|error| {
            tracing::warn!(error.kind = error.kind().label(), "cost of the running tasks unknown: {error}");
            None
        })
    }

    async fn service_hour(
        &self,
        id: ServiceId,
        service: Result<Service>,
        known: Option<RevisionSize>,
    ) -> Result<Option<Usd>> {
        let service = service?;
        if service.running == 0 {
            return Ok(Some(Usd::default()));
        }
        let size = match known.filter(|known| known.revision == service.revision) {
            Some(known) => known.size,
            None => self.ecs.revision(&service.revision).await.context(|| format!("price service {id}"))?.size(),
        };
        let on_demand = match &service.strategy {
            Strategy::Spot { base } => service.running.min(*base),
            Strategy::OnDemand | Strategy::Other(_) => service.running,
        };
        let tasks = TasksByProvider { on_demand, spot: service.running - on_demand };
        Ok(self.prices.zip(size).map(|(prices, size)| prices.service_hour(size, tasks)))
    }
}
