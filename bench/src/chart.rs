//! A bar chart of instructions, as SVG.

use crate::results::Results;
use crate::scenario::Scenario;
use crate::table::number;

/// The bars of one client: what they show, and in which colour.
const BARS: [(Scenario, &str, &str); 2] = [
    (Scenario::GetFew, "4 response headers", "#2a7ab9"),
    (Scenario::GetH25, "25 response headers", "#8fc1e3"),
];

const WIDTH: f64 = 760.0;
const BARS_FROM: f64 = 120.0;
/// The longest bar; what is left is for its number.
const LONGEST: f64 = 540.0;
const BAR: f64 = 16.0;
const GROUP: f64 = 46.0;
const TOP: f64 = 64.0;

/// User-space instructions of one kept-alive GET, client by client; `None` where none were counted.
pub fn instructions(results: &Results) -> Option<String> {
    let mut clients: Vec<&str> = Vec::new();
    for row in results.of(Scenario::GetFew) {
        row.instructions?;
        clients.push(&row.client);
    }
    let count = |client: &str, scenario| {
        results.of(scenario).into_iter().find(|row| row.client == client).and_then(|row| row.instructions)
    };
    let counts = || clients.iter().flat_map(|client| BARS.map(|(scenario, ..)| count(client, scenario)));
    let most = counts().flatten().fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }

    let mut body = text(16.0, 26.0, "16", "User-space instructions of one kept-alive GET of 1 KiB");
    for (at, (_, label, colour)) in BARS.iter().enumerate() {
        let x = BARS_FROM + at as f64 * 180.0;
        body += &bar(x, 38.0, 12.0, 12.0, colour);
        body += &text(x + 18.0, 48.0, "12", label);
    }
    for (at, client) in clients.iter().enumerate() {
        let top = TOP + at as f64 * GROUP;
        body += &text(16.0, top + BAR + 4.0, "14", client);
        for (line, (scenario, _, colour)) in BARS.iter().enumerate() {
            let Some(count) = count(client, *scenario) else { continue };
            let y = top + line as f64 * (BAR + 2.0);
            let length = (count / most * LONGEST).max(1.0);
            body += &bar(BARS_FROM, y, length, BAR, colour);
            body += &text(BARS_FROM + length + 6.0, y + 12.0, "12", &number(count));
        }
    }
    let height = TOP + clients.len() as f64 * GROUP + 8.0;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    ))
}

fn bar(x: f64, y: f64, width: f64, height: f64, colour: &str) -> String {
    format!("<rect x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{colour}\"/>\n")
}

fn text(x: f64, y: f64, size: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y}\" font-size=\"{size}\" fill=\"#222222\">{text}</text>\n")
}
