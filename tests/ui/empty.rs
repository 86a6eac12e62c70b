//! Nothing: this package is its tests, apart from the others so that they build without any client.
