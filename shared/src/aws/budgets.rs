//! AWS Budgets.

use std::sync::OnceLock;

use aws_sdk_budgets::types::{Spend as Written, TimeUnit as Unit};

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Result};
use planner::budget::{Amount, Spend, TimeUnit};

/// Asks what is spent.
///
/// Its client is built on first use. There is one endpoint for all regions of a partition, and the SDK knows it.
#[derive(Debug)]
pub struct Budgets {
    connection: Connection,
    client: OnceLock<aws_sdk_budgets::Client>,
}

impl Budgets {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> Budgets {
        Budgets { connection: connection.clone(), client: OnceLock::new() }
    }

    fn client(&self) -> &aws_sdk_budgets::Client {
        self.client.get_or_init(|| {
            let mut config = aws_sdk_budgets::config::Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::Budgets));
            config.set_retry_partition(self.connection.retry_partition());
            aws_sdk_budgets::Client::from_conf(config.build())
        })
    }

    /// What Budgets says of the budget `name` of `account`; `limit` where it names none.
    ///
    /// Requires `budgets:ViewBudget`.
    ///
    /// # Errors
    /// `NotFound` when there is no such budget, `Invalid` when it has no limit or periods of its own making.
    pub async fn spend(&self, account: &str, name: &str, limit: Option<&Amount>) -> Result<Spend> {
        let context = || format!("describe budget {name}");
        let call = self.client().describe_budget().account_id(account).budget_name(name);
        let answer = call.send().await.map_err(classify).context(context)?;
        let budget = answer.budget().ok_or_else(|| Error::not_found("not in the answer")).context(context)?;
        let spend = || {
            let time_unit = match budget.time_unit() {
                Unit::Daily => TimeUnit::Daily,
                Unit::Monthly => TimeUnit::Monthly,
                Unit::Quarterly => TimeUnit::Quarterly,
                Unit::Annually => TimeUnit::Annually,
                other => return Err(Error::bad_field("TimeUnit", other, "DAILY, MONTHLY, QUARTERLY or ANNUALLY")),
            };
            let limit = budget.budget_limit().map(amount).transpose()?.or_else(|| limit.cloned());
            let limit = limit.ok_or_else(|| Error::bad_field("BudgetLimit", "nothing", "an amount"))?;
            let spent = budget.calculated_spend();
            // A budget that is an hour old has not been calculated.
            let actual = spent.and_then(|spent| spent.actual_spend()).map_or_else(|| Ok(limit.with(0)), amount)?;
            let forecast = spent.and_then(|spent| spent.forecasted_spend()).map(amount).transpose()?;
            Ok(Spend { time_unit, limit, actual, forecast })
        };
        spend().context(context)
    }
}

fn amount(written: &Written) -> Result<Amount> {
    format!("{} {}", written.amount(), written.unit()).parse()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::error::Kind;

    fn budget(extra: Value) -> Value {
        let mut budget = json!({"BudgetName": "monthly", "TimeUnit": "MONTHLY", "BudgetType": "COST"});
        budget.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "Budget": budget })
    }

    fn spend(status: u16, answer: Value, limit: Option<&Amount>) -> Result<Spend> {
        let replay = Replay::new(&[(status, answer)]);
        let spend = run(Budgets::new(&replay.connection()).spend("123456789012", "monthly", limit));
        assert_eq!(replay.sent()[0], json!({"AccountId": "123456789012", "BudgetName": "monthly"}));
        spend
    }

    #[test]
    fn limit_figure_and_forecast_are_read_with_their_unit() {
        let said = json!({
            "BudgetLimit": {"Amount": "500.0", "Unit": "USD"},
            "CalculatedSpend": {"ActualSpend": {"Amount": "412.366", "Unit": "USD"}, "ForecastedSpend": {"Amount": "588.1", "Unit": "USD"}},
        });
        let (limit, actual) = (Amount::cents(50_000), Amount::cents(41_237));
        let expected = Spend { time_unit: TimeUnit::Monthly, limit, actual, forecast: Some(Amount::cents(58_810)) };
        assert_eq!(spend(200, budget(said), None).unwrap(), expected);
    }

    #[test]
    fn a_budget_without_a_limit_takes_that_of_the_policy_and_a_new_one_has_spent_nothing() {
        let limit = Amount::cents(10_000);
        let expected =
            Spend { time_unit: TimeUnit::Monthly, limit: limit.clone(), actual: Amount::cents(0), forecast: None };
        assert_eq!(spend(200, budget(json!({})), Some(&limit)).unwrap(), expected);
        let error = spend(200, budget(json!({})), None).unwrap_err().to_string();
        assert_eq!(error, "describe budget monthly: BudgetLimit: got `nothing`, expected an amount");
    }

    #[test]
    fn periods_of_its_own_making_are_refused_and_errors_are_read_by_their_code() {
        let custom = spend(200, budget(json!({"TimeUnit": "CUSTOM"})), Some(&Amount::cents(1))).unwrap_err();
        assert!(custom.to_string().contains("TimeUnit: got `CUSTOM`"), "{custom}");
        for (status, code, kind) in
            [(400, "NotFoundException", Kind::NotFound), (400, "AccessDeniedException", Kind::Denied)]
        {
            let error = spend(status, json!({"__type": code, "Message": "no"}), None).unwrap_err();
            assert_eq!((error.kind(), error.to_string()), (kind, format!("describe budget monthly: {code}: no")));
        }
    }

    #[test]
    fn it_is_asked_where_it_lives_whatever_the_region_of_the_function() {
        let replay = Replay::new(&[(200, budget(json!({"BudgetLimit": {"Amount": "1", "Unit": "USD"}})))]);
        run(Budgets::new(&replay.connection()).spend("123456789012", "monthly", None)).unwrap();
        assert_eq!(replay.uris(), ["https://budgets.amazonaws.com/"]);
    }
}
