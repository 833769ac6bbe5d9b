use super::*;

fn order(tax_percent: u8, lines: &[(u32, u32)]) -> Order {
    let line = |&(quantity, unit_price_cents)| Line {
        sku: "kettle".to_owned(),
        quantity,
        unit_price_cents,
    };
    Order {
        order_id: "order-1".to_owned(),
        tax_percent,
        lines: lines.iter().map(line).collect(),
    }
}

#[test]
fn totals_are_those_of_the_lines_and_tax_is_a_part_of_them() {
    let invoice = create(&order(20, &[(2, 3495), (1, 10)])).unwrap();
    let totals: Vec<u64> = invoice.lines.iter().map(|line| line.total_cents).collect();
    assert_eq!(totals, [6990, 10]);
    assert_eq!(invoice.total_cents, 7000);
    assert_eq!((invoice.net_cents, invoice.tax_cents), (5833, 1167)); // 1166.67
}

#[test]
fn tax_is_rounded_half_up() {
    let cases = [
        (0, 20, 0),
        (3, 20, 1), // 0.5
        (2, 20, 0), // 0.33
        (119, 19, 19),
        (100, 0, 0),
        (1, 100, 1), // 0.5
        (55, 10, 5),
    ];
    for (total, percent, tax) in cases {
        assert_eq!(tax_included(total, percent), Some(tax), "{percent} % in {total}");
    }
}

#[test]
fn an_order_without_lines_has_no_invoice() {
    let error = create(&order(20, &[])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "order `order-1` cannot be invoiced: it has no lines"
    );
    assert_eq!(Diagnostic::from(error).error_type, "NoInvoice");
}

#[test]
fn a_total_beyond_all_numbers_is_an_error_and_no_panic() {
    let error = create(&order(20, &[(u32::MAX, u32::MAX); 3])).unwrap_err();
    assert_eq!(error.problem, "its total is too large");
}
