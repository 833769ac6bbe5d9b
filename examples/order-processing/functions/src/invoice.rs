//! `create-invoice`: sums an order up, in whole cents.

use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::identifier;

/// What the function is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// The order to invoice.
    pub order_id: String,
    /// The tax that the prices include.
    pub tax_percent: u8,
    /// What was ordered.
    pub lines: Vec<Line>,
}

/// One kind of goods.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// What it is.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// The price of one, with tax, in cents.
    pub unit_price_cents: u32,
}

/// What the function answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invoice {
    /// Names the invoice.
    pub invoice_id: String,
    /// The lines with their sums.
    pub lines: Vec<InvoiceLine>,
    /// The total without tax.
    pub net_cents: u64,
    /// The tax in the total, rounded half up, once for the whole invoice.
    pub tax_cents: u64,
    /// What the customer pays.
    pub total_cents: u64,
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct InvoiceLine {
    pub sku: String,
    pub quantity: u32,
    pub total_cents: u64,
}

/// Says why there is no invoice.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("order `{order_id}` cannot be invoiced: {problem}")]
pub struct NoInvoice {
    order_id: String,
    problem: &'static str,
}

impl From<NoInvoice> for Diagnostic {
    fn from(error: NoInvoice) -> Diagnostic {
        Diagnostic {
            error_type: "NoInvoice".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Computes an order's invoice.
pub fn create(order: &Order) -> Result<Invoice, NoInvoice> {
    let none = |problem| NoInvoice {
        order_id: order.order_id.clone(),
        problem,
    };
    if order.lines.is_empty() {
        return Err(none("it has no lines"));
    }
    let lines: Vec<InvoiceLine> = order.lines.iter().map(line).collect();
    let total_cents = lines
        .iter()
        .try_fold(0_u64, |sum, line| sum.checked_add(line.total_cents))
        .ok_or_else(|| none("its total is too large"))?;
    let tax_cents =
        tax_included(total_cents, order.tax_percent).ok_or_else(|| none("its total is too large"))?;
    Ok(Invoice {
        invoice_id: identifier::derived("invoice", &order.order_id),
        lines,
        net_cents: total_cents - tax_cents,
        tax_cents,
        total_cents,
    })
}

fn line(line: &Line) -> InvoiceLine {
    InvoiceLine {
        sku: line.sku.clone(),
        quantity: line.quantity,
        // Two factors of 32 bits never leave 64.
        total_cents: u64::from(line.quantity) * u64::from(line.unit_price_cents),
    }
}

/// Computes the tax in a price that includes it, rounded half up; `None` when the numbers are too large.
fn tax_included(total_cents: u64, percent: u8) -> Option<u64> {
    let percent = u64::from(percent);
    let whole = 100 + percent;
    Some(total_cents.checked_mul(percent)?.checked_add(whole / 2)? / whole)
}

#[cfg(test)]
mod tests;
