import java.io.IOException;
import java.lang.reflect.Field;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Starts DynamoDB Local with the arguments of its own ServerRunner, on a free port of 127.0.0.1.
 *
 * <p>ServerRunner listens on every interface, has no option for it, and refuses port 0. So the
 * connector of the server that it makes is given a host and port 0 before it starts; the port that
 * it got is printed as a line "listening on port N" once it listens. Standard input is a leash: when it ends,
 * because the process that started this one closed it or died, this one ends too.
 */
final class LoopbackDynamoDb {
  private LoopbackDynamoDb() {}

  public static void main(String[] arguments) throws Exception {
    DynamoDBProxyServer proxy = ServerRunner.createServerFromCommandLineArgs(arguments);
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    Server server = (Server) field.get(proxy);
    for (Connector connector : server.getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
      ((ServerConnector) connector).setPort(0);
    }
    endWithStandardInput();
    proxy.start();
    for (Connector connector : server.getConnectors()) {
      System.out.println("listening on port " + ((ServerConnector) connector).getLocalPort());
    }
    proxy.join();
  }

  private static void endWithStandardInput() {
    Thread leash =
        new Thread(
            () -> {
              try {
                while (System.in.read() != -1) {
                  // What is said does not matter, only that somebody is there.
                }
              } catch (IOException e) {
                // The same as its end.
              }
              Runtime.getRuntime().halt(0);
            });
    leash.setDaemon(true);
    leash.start();
  }
}
