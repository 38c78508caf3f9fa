/** Where and how the server listens: addresses, unix sockets, TLS, event loops (chapter 05 §6.3, §8.1). */
@org.jspecify.annotations.NullMarked
package org.openkas.net;
