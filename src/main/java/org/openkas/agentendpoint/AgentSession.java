package org.openkas.agentendpoint;

import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.openkas.websocket.CloseReason;
import org.openkas.websocket.MessageChannel;
import org.openkas.websocket.UpgradeRules;

/**
 * The life of one agent's session: its messages become the bytes of an HTTP/2 connection (chapter 01 §2.4, §2.5). The
 * container calls it from one thread at a time.
 */
final class AgentSession extends Endpoint {
    /** A peer that takes nothing for so long is dropped, as TCP_USER_TIMEOUT does it on the agents' own port. */
    private static final Duration SEND_LIMIT = Duration.ofSeconds(20);

    private final AgentEntrance entrance;
    private final String subprotocol;
    private Optional<SessionCarrier> carrier = Optional.empty();
    private Optional<MessageChannel> channel = Optional.empty();
    private long messageBytes;

    /** For a connection that was upgraded with this subprotocol. */
    AgentSession(AgentEntrance entrance, String subprotocol) {
        this.entrance = entrance;
        this.subprotocol = subprotocol;
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        session.setMaxIdleTimeout(0); // gRPC's keepalive notices the silent
        session.setMaxBinaryMessageBufferSize(CloseReason.MAX_MESSAGE_BYTES);
        session.getAsyncRemote().setSendTimeout(SEND_LIMIT.toMillis());
        SessionCarrier opened = new SessionCarrier(session);
        carrier = Optional.of(opened);
        entrance.entered(opened);
        Optional<CloseReason> refusal = UpgradeRules.checkSubprotocol(subprotocol);
        if (refusal.isEmpty()) {
            channel = entrance.open().flatMap(open -> open.listener().accept(opened));
            refusal = channel.isEmpty() ? Optional.of(CloseReason.SHUTTING_DOWN) : Optional.empty();
        }
        session.addMessageHandler(ByteBuffer.class, new MessageHandler.Partial<ByteBuffer>() {
            @Override
            public void onMessage(ByteBuffer bytes, boolean last) {
                received(bytes, last);
            }
        });
        session.addMessageHandler(String.class, new MessageHandler.Partial<String>() {
            @Override
            public void onMessage(String text, boolean last) {
                refuse(CloseReason.TEXT_MESSAGE);
            }
        });
        refusal.ifPresent(opened::close);
    }

    private void received(ByteBuffer bytes, boolean last) {
        messageBytes += bytes.remaining();
        if (messageBytes > CloseReason.MAX_MESSAGE_BYTES) {
            refuse(CloseReason.TOO_BIG);
            return;
        }
        if (last) {
            messageBytes = 0;
        }
        if (channel.isPresent()) {
            try {
                channel.get().received(bytes);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void refuse(CloseReason reason) {
        channel.ifPresentOrElse(open -> open.refuse(reason), () -> carrier.ifPresent(session -> session.close(reason)));
    }

    @Override
    public void onClose(Session session, jakarta.websocket.CloseReason reason) {
        carrier.ifPresent(SessionCarrier::gone);
        channel.ifPresent(MessageChannel::ended);
    }

    @Override
    public void onError(Session session, Throwable failure) {
        // a peer that vanishes, or breaks the protocol: the container closes the session and says so
        channel.ifPresent(MessageChannel::ended);
    }
}
