const socket = new WebSocket("/chat");
