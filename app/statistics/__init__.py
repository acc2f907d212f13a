"""The Statistics page: figures by route, and latency, throughput and what was in flight over time."""
