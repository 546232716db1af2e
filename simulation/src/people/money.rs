//! What is spent, and what AWS Budgets makes of it.

use super::Act;
use crate::engine::Engine;

pub(super) fn perform(act: &Act, engine: &mut Engine) {
    let Some(budget) = engine.account().budgets().first().cloned() else { return };
    // Amounts are small; nothing is lost.
    #[allow(clippy::cast_precision_loss)]
    let dollars = |cents: i64| cents as f64 / 100.0;
    engine.change(|world, cx| {
        let budgets = &mut world.budgets;
        match act {
            Act::Spend { cents } => budgets.spend(&budget, dollars(*cents), cx),
            Act::SpendADay { cents } => budgets.spend_a_day(&budget, dollars(*cents), cx),
            Act::Limit { cents } => budgets.set_limit(&budget, dollars(*cents), cx),
            #[allow(clippy::cast_precision_loss)]
            Act::Misreport { factor, .. } => budgets.misreport(&budget, *factor as f64, cx),
            _ => {}
        }
        budgets.refresh(&budget, cx);
    });
    if let Act::Misreport { lasts, .. } = act {
        engine.after(*lasts, move |engine| {
            engine.change(|world, cx| world.budgets.misreport(&budget, 1.0, cx));
        });
    }
}
