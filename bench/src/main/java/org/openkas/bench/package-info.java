/** Benchmarks of the built server; see README.md beside the sources. */
package org.openkas.bench;
