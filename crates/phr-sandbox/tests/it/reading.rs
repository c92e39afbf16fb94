//! Reading data points as a client does.

use crate::support::{Client, within};

#[tokio::test]
async fn a_day_of_heart_rate_is_complete_over_its_pages() {
    let client = Client::ines().await;
    let field = "heart_rate.sample_time.physical_time";
    let filter = within(field, "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
    let query = [("filter", filter.as_str()), ("pageSize", "10000")];
    let first = client.list("heart-rate", &query).await;
    println!("{}", &first.text[..1500]);
    let points = client.walk("", "heart-rate", &query).await;
    println!("{}", points.len());
    for t in ["steps", "distance", "active-energy-burned", "total-calories", "heart-rate", "weight"]
    {
        println!("{t} {}", client.daily_roll_up(t, "2026-11-18", "2026-11-23").await.text);
    }
    println!(
        "{}",
        client
            .roll_up("heart-rate", "2026-11-20T00:00:00Z", "2026-11-20T06:00:00Z", "3600s")
            .await
            .text
    );
    println!("{}", client.list("weight", &[("prettyPrint", "false")]).await.text);
    println!("{}", client.list("daily-oxygen-saturation", &[("prettyPrint", "false")]).await.text);
    println!(
        "{}",
        client
            .reconcile("daily-resting-heart-rate", &[("prettyPrint", "false"), ("pageSize", "3")])
            .await
            .text
    );
}
