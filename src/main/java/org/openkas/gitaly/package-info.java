/** Reading repositories from Gitaly: addresses, channels, credentials, rate limits, the three calls (chapter 02 §5). */
@org.jspecify.annotations.NullMarked
package org.openkas.gitaly;
