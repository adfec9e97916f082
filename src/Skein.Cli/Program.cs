Console.WriteLine("skein");
