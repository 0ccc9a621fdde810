"""The sidebar's threads: kept (`store`), put into files (`export`), taken from files (`import_`), served (`routes`)."""
