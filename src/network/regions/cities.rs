//! Recomputation of the built-in table from the pings between cities.

use super::*;
use crate::network::measured::published;

/// Cities of the data by region, with the names of the data.
const CITIES: [(&str, &str); 10] = [
    (
        "north-america",
        "Albany Albuquerque Anchorage Asheville Atlanta Austin Baltimore Berkeley+Springs Boston Brunswick Buffalo \
         Calgary Charlotte Chicago Cincinnati Cleveland Colorado+Springs Columbus Dallas Denver Des+Moines Detroit \
         Fremont Halifax Honolulu Houston Indianapolis Jackson Jacksonville Kansas+City Knoxville Las+Vegas Lincoln \
         Los+Angeles Louisville Manhattan Memphis Miami Milwaukee Minneapolis Monticello Montreal New+Orleans \
         New+York Oklahoma+City Orlando Ottawa Philadelphia Phoenix Piscataway Pittsburgh Portland Quebec+City \
         Raleigh Redding Roseburg Sacramento Salem Salt+Lake+City San+Antonio San+Diego San+Francisco San+Jose \
         Saskatoon Savannah Scranton Seattle Secaucus South+Bend St+Louis Stamford Syracuse Tampa Tempe Toronto \
         Vancouver Washington Winnipeg Cromwell",
    ),
    (
        "latin-america",
        "Bogota Brasilia Buenos+Aires Caracas Heredia Joao+Pessoa Lima Medellin Mexico Montevideo Panama Paramaribo \
         Quito San+Juan Santiago Sao+Paulo",
    ),
    (
        "western-europe",
        "Alblasserdam Amsterdam Antwerp Arezzo Barcelona Basel Belfast Bergen Bern Bristol Bruges Brussels Cardiff \
         Cheltenham Copenhagen Coventry Dronten Dublin Dusseldorf Edinburgh Eindhoven Falkenstein Frosinone Geneva \
         Gothenburg Groningen Hamburg Helsinki Lausanne Liege Lisbon London Lugano Luxembourg Lyon Madrid Maidstone \
         Manchester Marseille Milan Munich Newcastle Nuremberg Oslo Palermo Paris Reykjavik Rome Rotterdam Roubaix \
         Stockholm Strasbourg The+Hague Valencia Valletta Venice Vienna Westpoort Zurich",
    ),
    (
        "eastern-europe",
        "Athens Bratislava Brno Bucharest Budapest Chisinau Gdansk Kiev Ktis Ljubljana Moscow Nis Prague Riga Sofia \
         St+Petersburg Tallinn Thessaloniki Tirana Varna Vilnius Warsaw",
    ),
    ("middle-east", "Ankara Bursa Dubai Istanbul Izmir Jerusalem Limassol Riyadh Tbilisi Tel+Aviv"),
    ("africa", "Algiers Cairo Cape+Town Dar+es+Salaam Fez Johannesburg Kampala Lagos Nairobi Tunis"),
    ("south-asia", "Bangalore Chennai Dhaka Hyderabad Indore Lahore New+Delhi Pune"),
    ("southeast-asia", "Bangkok Dagupan Hanoi Ho+Chi+Minh+City Jakarta Malaysia Manila Phnom+Penh Singapore"),
    ("east-asia", "Hong+Kong Koto Osaka Sapporo Seoul Shanghai Shenzhen Taipei Tokyo Zhangjiakou"),
    ("oceania", "Adelaide Auckland Brisbane Canberra Christchurch Melbourne Perth Sydney Wellington"),
];

/// City: its region's number, and its round-trip times in ms to all cities.
type City = (Option<u8>, Vec<f64>);

fn cities(text: &str) -> Vec<City> {
    let region = |city: &str| CITIES.iter().position(|(_, cities)| cities.split(' ').any(|known| known == city));
    let city = |line: &str| {
        let (name, numbers) = line.split_once(',').unwrap();
        let trips = numbers.split(',').map(|number| number.parse().unwrap()).collect();
        (region(name).map(|region| region as u8), trips)
    };
    text.lines().skip(1).map(city).collect()
}

/// Round-trip times of all pairs of cities in two regions, directions averaged, sorted.
fn round_trips(cities: &[City], a: u8, b: u8) -> Vec<f64> {
    let pairs = (0..cities.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let stand = |i: usize, j: usize| [cities[i].0, cities[j].0];
    let chosen = pairs.filter(|&(i, j)| [[Some(a), Some(b)], [Some(b), Some(a)]].contains(&stand(i, j)));
    let mut trips: Vec<f64> = chosen.map(|(i, j)| (cities[i].1[j] + cities[j].1[i]) / 2.0).collect();
    trips.sort_by(f64::total_cmp);
    trips
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { (sorted[half - 1] + sorted[half]) / 2.0 }
}

/// Half the distance between the 16th and the 84th percentile.
fn spread(mut logarithms: Vec<f64>) -> f64 {
    logarithms.sort_by(f64::total_cmp);
    let at = |share: f64| logarithms[(share * logarithms.len() as f64) as usize];
    (at(0.841) - at(0.159)) / 2.0
}

#[test]
fn the_built_in_medians_and_spreads_are_those_of_the_pings_between_cities() {
    assert!(CITIES.iter().zip(WORLD).all(|((cities, _), (world, _))| *cities == world));
    let cities = cities(&published("city_rtt_ms.csv"));
    assert_eq!(cities.iter().filter(|(region, _)| region.is_some()).count(), 232, "of 235");
    let (mut within, mut between) = (Vec::new(), Vec::new());
    for (a, b) in (0..10u8).flat_map(|a| (0..=a).map(move |b| (a, b))) {
        let trips = round_trips(&cities, a, b);
        let (measured, written) = (median(&trips), f64::from(WORLD[usize::from(a)].1[usize::from(b)]));
        assert!((measured - written).abs() <= 0.5, "{} and {}: {measured}", CITIES[a as usize].0, CITIES[b as usize].0);
        let logarithms = trips.iter().map(|trip| libm::log(trip / measured));
        if a == b { within.extend(logarithms) } else { between.extend(logarithms) }
    }
    let spreads = [between, within].map(spread);
    let written = [Regions::SIGMA, Regions::SIGMA_WITHIN];
    assert!(spreads.iter().zip(written).all(|(spread, written)| (spread - written).abs() < 0.005), "{spreads:?}");
}
