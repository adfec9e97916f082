using Skein.Cli.Commands;
using Skein.Cli.Composition;
using Skein.Cli.Screen;

namespace Skein.Cli.Demo;

/// <summary>
/// The demo: an agent repairs a project, its session is forked and rewound, its server is killed while it speaks, and the session is whole.
/// Only the model is no real one. Whatever is claimed has been checked, or the demo fails.
/// </summary>
internal static class Show
{
    public static async Task<int> RunAsync(Surroundings surroundings, CancellationToken cancellationToken)
    {
        var began = surroundings.Time.GetTimestamp();
        var folder = Directory.CreateTempSubdirectory("skein-demo-").FullName;
        var home = new SkeinHome(Path.Combine(folder, "home"));
        var project = new DemoProject(Path.Combine(folder, "project"));
        var stage = new Stage(surroundings.Out);
        var kept = false;
        try
        {
            home.Prepare();
            stage.Terminal.WriteLine(("skein demo", Style.Bold), ("  The model is scripted. All else is real: the agent's loop, its tools, the server, the store, git.", Style.Plain));
            stage.Say($"home     {home.Path}");
            stage.Say($"project  {project.Folder}");

            await using (var server = new DemoServer(home, surroundings))
            {
                var acts = new Acts(stage, project, new DemoScripts(Path.Combine(home.Path, "scripts")), server);
                await acts.PlayAsync(cancellationToken);
                kept = true;
                ShowEnd(stage, surroundings, home, acts, began);
            }

            return CommandLine.Good;
        }
        catch (DemoException e)
        {
            surroundings.Out.EndLine();
            surroundings.Error.WriteLine($"skein: {TerminalText.CleanLine(e.Message)}", Style.Bad);
            return CommandLine.Failed;
        }
        finally
        {
            // The session is what the demo leaves; where it came to none, nothing.
            Directory.Delete(kept ? project.Folder : folder, recursive: true);
        }
    }

    private static void ShowEnd(Stage stage, Surroundings surroundings, SkeinHome home, Acts acts, long began)
    {
        var skein = $"{SkeinHome.Variable}={home.Path} {Invocation.Of(surroundings)}";
        var session = SessionName.Shorten(acts.Session);
        stage.Terminal.WriteLine();
        stage.Terminal.WriteLine(
            ($"{stage.Claims} claims, all checked, in {Spans.Took(surroundings.Time.GetElapsedTime(began))}.", Style.Good),
            (" The session is kept, all else is gone. Look at it yourself:", Style.Plain));
        stage.Terminal.WriteLine();
        stage.Terminal.WriteLine($"  {skein} ls --all", Style.Accent);
        stage.Terminal.WriteLine($"  {skein} show {session} --all", Style.Accent);
        stage.Terminal.WriteLine($"  {skein} run --session {session} \"Are you still there?\"", Style.Accent);
        stage.Terminal.WriteLine();
    }
}
