"""AWS Budgets: moto's, with the budgets of the templates in it."""

from account import ACCOUNT

KIND = "AWS::Budgets::Budget"


def handlers():
    """What CloudFormation does with a budget of a template."""
    return {
        "create": lambda _logical_id, props, _stack: create(props),
        "update": lambda _id, _old, props, _stack: create(props),
        "delete": lambda name, _props: _budgets().pop(name, None),
    }


def _budgets():
    from moto.budgets.models import budgets_backends

    return budgets_backends[ACCOUNT]["aws"].budgets[ACCOUNT]


def create(props):
    """Limit and period of a budget become the template's; its spend stays."""
    from moto.budgets.models import Budget

    given = dict(props["Budget"])
    limit = given["BudgetLimit"]
    given["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
    name = given["BudgetName"]
    known = _budgets().get(name)
    if known and "CalculatedSpend" in known.budget:
        given["CalculatedSpend"] = known.budget["CalculatedSpend"]
    _budgets()[name] = Budget(given, [])
    return name, {}


def spend(request):
    """Sets the spend of a budget: `actual`, `forecast`; `limit` also sets its limit."""
    budget = _budgets()[request["budget"]].budget
    unit = budget["BudgetLimit"]["Unit"]
    spend = {"ActualSpend": {"Amount": request["actual"], "Unit": unit}}
    if request.get("forecast"):
        spend["ForecastedSpend"] = {"Amount": request["forecast"], "Unit": unit}
    budget["CalculatedSpend"] = spend
    if request.get("limit"):
        budget["BudgetLimit"] = {"Amount": request["limit"], "Unit": unit}
    return {}
