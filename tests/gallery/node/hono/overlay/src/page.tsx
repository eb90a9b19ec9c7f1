export const Page = ({ name }: { name: string }) => (
  <html lang="en">
    <link rel="stylesheet" href="/static/style.css" />
    <h1>Hello {name}</h1>
  </html>
);
