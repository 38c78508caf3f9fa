/**
 * The build's training run: the finished distribution works under load once, so that the JVM can keep what it learned. Runs
 * among the tests' classes because it takes their doubles; it is no test.
 */
package org.openkas.training;
